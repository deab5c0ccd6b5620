"""What all servers share: where they listen, which hosts and origins they answer, TLS, and how they end."""
