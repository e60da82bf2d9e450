"""What the templates see of each kind of thing: text, numbers, lists and maps, every decision made."""
