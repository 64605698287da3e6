"""Write studies as real scanners do: whole DICOM studies with the tag habits of each maker."""

from mamri.io.dicom_writer.exam import write_dicom_exam
from mamri.io.dicom_writer.study import write_dicom_study

__all__ = ["write_dicom_exam", "write_dicom_study"]
