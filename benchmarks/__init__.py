"""Training and prediction side by side with other libraries: `make bench`."""
