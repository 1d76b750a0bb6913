"""Tests of chatbot_saas/web: what the dashboard and the admin share."""
