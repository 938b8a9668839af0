"""Part of headrace."""
