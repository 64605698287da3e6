"""Files in and out: DICOM, NIfTI, result.json, features.csv."""
