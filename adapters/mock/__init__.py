"""The bundled mock server: one simulated cluster behind every backend's real API, over real HTTP."""
