"""Trained recurrent networks: `python bench/recurrent.py [FAMILY ... | page]` (docs/_measured/recurrent.md)."""

from __future__ import annotations

from _suite import measured

BUDGETS = {
    "small": "60s",
    "generous": "60s",
    "outside": "60s",
    "language": "60s",
    "spoiled": "25s",
    "null": "25s",
}

PREFACE = """
T is the length that a network was trained on at first: ten or twenty numbers, twelve letters. Many went on with longer
sequences, of 2T, and classifiers that strayed on long words with words of up to 5T; the index of the weights says
how long (`longest`). Agreement is the share of whole sequences with every output equal: with the network on every
sequence of length T where there are at most a million, else on 20,000 fresh ones; with the task also on 20,000
sequences of length 2T, counted where the network itself is right (how many, in brackets). "network at T" and "at 2T"
are shares of single outputs.

- **small, generous, outside, language**: solved means equal to the network at T everywhere, equal to the task at 2T
  where the network is right, and a verdict of supported or proved. A program without memory has no state to exchange:
  its causal test is that exchanging the network's state changes no output (`no_memory`), so it can be proved as well.
  Where the network is wrong somewhere, a program that equals it repeats its mistakes, and one that equals the task
  does not equal the network: both are counted. A table is counted with its rows, and so is a chain of choices between
  more than two constants by equality. Rules outside the list of tasks are read by the small networks; five of them are
  read by RNN, GRU and LSTM layers too, among the languages.
- "rebuilt states": the network goes on as the program says from states made of the program's values alone; "member
  swaps": as before from another state of the same class, and as the program says from one of another. Nulls in
  brackets; classes are the values of the program's memory that were compared (at most 512), and how many of them its
  answers need.
- **language** also asks about every word up to twelve letters (fewer where there would be more than a million) and
  100,000 longer ones, and names words at whose end the network leaves the rule.
- **spoiled**: noise on the weights of right networks leaves 97% to 99.5% of the outputs at T right. Solved means the
  rule of the task itself, on all sequences at T and 2T, and that it is not called exact.
- **null**: untrained cells and shuffled weights. Solved means no program; or a constant, an affine or window formula
  or a machine of at most 32 states that equals the network at T, and at 2T unless it says that it ends at T.
"""

if __name__ == "__main__":
    measured("recurrent", BUDGETS, preface=PREFACE)
