"""The records that Firehose delivers to a table: check them, make some up, read the ones it refused."""
