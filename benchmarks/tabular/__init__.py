"""Networks for tables beside their peers, on real data sets: scores and times."""
