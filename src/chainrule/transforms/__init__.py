"""Transforms: functions to graphs, graphs to graphs."""
