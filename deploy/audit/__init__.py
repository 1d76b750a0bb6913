"""What comes with the product from elsewhere: licences, and secrets that must not be here."""
