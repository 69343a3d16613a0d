"""The words that both sides of the walls know: nothing else is believed of what comes out."""

KINDS = {
    "text": "text",
    "html": "a web page, shown as its source text",
    "svg": "a drawing (SVG), shown as its source text",
    "image": "a picture",
    "pdf": "a PDF",
    "office": "an office document",
    "media": "sound or video",
    "archive": "an archive",
    "program": "a program",
    "data": "of no kind that is known here",
    "empty": "empty",
}

WHYS = {
    "broken": "The file is damaged or made to confuse, and cannot be shown; ask the source for another copy.",
    "encrypted": "The file is locked with a password; ask the source for it, and open it on a machine kept for that.",
    "memory": "Showing the file needs more memory than it is given; export it to look at it on a machine kept for that.",
    "no_tool": "A program for such files is not installed on this desk: install poppler-utils, libreoffice, libheif-examples, "
    "libimage-exiftool-perl, mat2 and libpangocairo-1.0-0.",
    "no_page": "The file has no such page; ask for an earlier one.",
    "nothing_to_see": "The file holds nothing that could be shown here.",
    "too_large": "The file is too large for this; export it to look at it on a machine kept for that.",
    "unknown": "Files of this kind cannot be shown here; what it is can be seen in its metadata.",
    "not_cleaned": "Traces cannot be taken out of a file of this kind; export the original only if its metadata may be seen.",
}

FLAGS = {
    "macros": "It carries macros: small programs that would run when it is opened.",
    "remote_template": "It loads a template from elsewhere when it is opened, which tells somebody where and when.",
    "remote_content": "It loads something from the network when it is opened, which tells somebody where and when.",
    "embedded_file": "Another file is hidden inside.",
    "embedded_object": "An object of another program is embedded, which may run when it is clicked.",
    "pdf_script": "The PDF carries scripts.",
    "pdf_launch": "The PDF asks to start programs.",
    "pdf_open_action": "The PDF does something by itself when it is opened.",
    "pdf_form_sent": "The PDF can send what is typed into it.",
    "pdf_link": "The PDF holds links to the network.",
    "archive_bomb": "It unpacks to far more than it is: a trap that fills memory or disk.",
    "archive_nested": "Archives lie inside the archive.",
    "archive_many": "It holds a very great number of files.",
    "archive_link": "It holds links that would point elsewhere on the disk when it is unpacked.",
    "traversal": "It holds names that would write outside the folder it is unpacked into.",
    "double_extension": "A name has two endings, so that a program looks like a document.",
    "bidi_name": "A name holds characters that turn the reading direction, so that it reads as something else.",
    "control_name": "A name holds control characters.",
    "program": "It is a program or holds one; never run it.",
    "type_mismatch": "It is something else than its name says.",
    "polyglot": "It is two kinds of file at once.",
    "encrypted": "It is locked with a password.",
    "svg_script": "The drawing carries scripts.",
    "html": "It is a web page.",
    "html_script": "The web page carries scripts.",
    "xml_entities": "It defines XML entities, a known way to read other files or fill memory.",
    "pixel_bomb": "It claims to be an enormous picture.",
    "broken": "It is damaged, or made to confuse the programs that read it.",
    "unread": "It is too large or too tangled to be looked through to its end: other dangers may be inside.",
}

ENDS = {
    "done": "Done.",
    "timed_out": "Looking into the file took too long and was stopped; it may be a trap, or only very large.",
    "too_much_memory": "Looking into the file took too much memory and was stopped; it may be a trap, or only very large.",
    "failed": "The program that looks into such files ended with an error; the file is damaged or made to confuse.",
    "lied": "What came back is not what it should be and is not shown; the file may have attacked the program that reads it.",
    "unavailable": "There is no preview, because this machine has no working sandbox.",
}
