package main

// checkSchemas is the backend's judgement of a file of schemas.
func checkSchemas([]byte) error { return nil }
