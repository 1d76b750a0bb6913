"""The languages in which the product's own sentences are written, by their codes."""

# In their own words, because a list of them is told in any of them.
LANGUAGE_NAMES = {
    "en": "English",
    "de": "Deutsch",
    "es": "español",
    "fr": "français",
    "pt": "português",
    "id": "Bahasa Indonesia",
    "ru": "русский",
    "zh": "中文",
    "hi": "हिन्दी",
    "ar": "العربية",
    "bn": "বাংলা",
    "ur": "اردو",
    "fa": "فارسی",
}
