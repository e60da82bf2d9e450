"""What stands in the way of a deploy, looked up in the account; nothing there is changed."""
