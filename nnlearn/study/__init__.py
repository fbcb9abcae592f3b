"""What one chapter alone uses: neurons and networks by hand, adversarial training, small trained models."""
