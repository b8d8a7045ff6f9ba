"""Recurrent ground truth: tasks over sequences, networks trained on them, and the suite that puts the questions."""
