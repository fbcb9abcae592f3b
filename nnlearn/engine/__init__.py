"""What records and differentiates: tensors, the tape, arithmetic and shapes with their derivatives."""
