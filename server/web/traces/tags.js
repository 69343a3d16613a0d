// The TIFF, Exif, GPS and DNG tags that tell of a person, a place, a device or a time (Exif 3.0; TIFF 6.0; DNG 1.7), and what
// each is a finding of. All others (exposure, resolution, colours) are left alone.

/** Tags of any image directory. */
export const IMAGE_TAGS = new Map([
  [0x010d, "text"], // DocumentName
  [0x010e, "text"], // ImageDescription
  [0x011d, "text"], // PageName
  [0x0131, "software"],
  [0x0132, "changed"],
  [0x013b, "author"], // Artist
  [0x013c, "device"], // HostComputer
  [0x8298, "owner"], // Copyright
  [0x9c9b, "text"], // XPTitle and its kin are UTF-16, of Windows
  [0x9c9c, "text"],
  [0x9c9d, "author"],
  [0x9c9e, "text"],
  [0x9c9f, "text"],
  [0xc62f, "serial"], // CameraSerialNumber
  [0xc68b, "location"], // OriginalRawFileName
  [0x9003, "taken"],
  [0x9004, "made"],
  [0x9286, "text"], // UserComment
  [0xa420, "id"], // ImageUniqueID
  [0xa430, "owner"],
  [0xa431, "serial"],
  [0xa435, "serial"], // of the lens
  [0xa436, "text"], // ImageTitle
  [0xa437, "author"], // Photographer
  [0xa438, "editor"], // ImageEditor
]);

/** Windows' own, in UTF-16. */
export const isUtf16 = (tag) => tag >= 0x9c9b && tag <= 0x9c9f;

export const TAG = {
  subfile: 0x00fe,
  make: 0x010f,
  model: 0x0110,
  orientation: 0x0112,
  subdirectories: 0x014a,
  preview: 0x0201,
  xmp: 0x02bc,
  iptc: 0x83bb,
  photoshop: 0x8649,
  exif: 0x8769,
  gps: 0x8825,
  userComment: 0x9286,
  maker: 0x927c,
};
