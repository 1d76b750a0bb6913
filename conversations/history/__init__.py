"""What was said: lists, transcripts, explanations, deletion."""
