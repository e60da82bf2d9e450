"""The passes: each module has one public function of its own name."""
