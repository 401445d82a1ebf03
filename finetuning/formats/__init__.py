"""What rows must look like. Light, because the gate reads it as well as the data room."""
