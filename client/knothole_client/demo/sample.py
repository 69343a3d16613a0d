"""What the demo's source writes: the same sentence in several languages, so that every desk is seen to read them all."""

MESSAGE = """\
These are the pictures that were never published. Please keep the original safe.
这些是从未公开的照片。请妥善保管原件。
Это снимки, которые никогда не публиковались. Пожалуйста, сохраните оригинал.
هذه صور لم تُنشر قط. يُرجى حفظ الأصل في مكان آمن.
Estas son las fotos que nunca se publicaron. Por favor, guarden bien el original.
これは一度も公開されていない写真です。原本を大切に保管してください。
"""
ANSWER = "Thank you. The original is safe, and nobody here knows who you are. Which day was it?"
PHOTO = "knothole – 树洞.png"
LANGUAGE = "en"
