"""What is said where the documents hold no answer."""

DOES_NOT_KNOW = "I do not know: the documents I can search do not answer this."
