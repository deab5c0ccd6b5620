"""The only room that talks to the network: sign-in, retry and paging as generators, and two drivers that run them."""
