"""Browser console and HTTP API: the journal at a glance, and orders to the station."""
