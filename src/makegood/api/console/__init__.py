"""The console: server-rendered pages for people, live, with no asset from the network."""
