"""Read DICOM breast MRI examinations."""

from mamri.io.dicom.catalogue import Catalogue, catalogue
from mamri.io.dicom.dicom_exam import read_dicom_exam
from mamri.io.dicom.options import DicomOptions

__all__ = ["Catalogue", "DicomOptions", "catalogue", "read_dicom_exam"]
