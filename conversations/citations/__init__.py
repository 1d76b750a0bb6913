"""What an answer rests on: the markers in its text, the words that each leads to, and whether these carry
the statement before it."""
