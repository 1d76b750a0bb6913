"""An answer's Markdown, read by the rules of the widget (`static/widget/markdown-v1.js`), as HTML."""
