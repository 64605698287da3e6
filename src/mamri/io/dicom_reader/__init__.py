"""Read DICOM breast MRI examinations."""

from mamri.io.dicom_reader.catalogue import Catalogue, catalogue
from mamri.io.dicom_reader.dicom_exam import read_dicom_exam
from mamri.io.dicom_reader.options import DicomOptions

__all__ = ["Catalogue", "DicomOptions", "catalogue", "read_dicom_exam"]
