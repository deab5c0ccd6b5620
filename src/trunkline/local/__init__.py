"""This machine: folders, files and locks, and how texts and times are written on it."""
