"""How good the offline answerer's answers are, over documents and questions of our own.

`tuning/` is what the answerer may be changed for; `reported/` is only counted, so that its figure
says what strangers will see. A folder is a workspace: its documents and `questions.jsonl`.
"""
