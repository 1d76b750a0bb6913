"""The pages about what was said: the list with its filters, transcripts, why an answer is as it is, export."""
