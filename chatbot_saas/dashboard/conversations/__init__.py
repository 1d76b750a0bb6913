"""The pages about what was said: the list, its filters, transcripts, why an answer is so, export."""
