"""The console in a browser and the HTTP API: what the journal says, at a glance, and orders to the station."""
