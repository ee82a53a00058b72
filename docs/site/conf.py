"""Settings of Sphinx. `python docs/build_site.py` writes the tree of pages and runs it."""

from __future__ import annotations

import hashlib
import sys
import warnings
from pathlib import Path
from typing import Any

from docutils.parsers.rst import roles

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import proxysim
from docs.site.parts import api, breaks, docstrings

warnings.filterwarnings("ignore", "Unknown section Source")  # numpydoc also reads docstrings before `docstrings.process` renames it

project = "proxysim"
author = copyright = "The proxysim developers"
version = release = proxysim.__version__
extensions = [
    "docs.site.parts.maths",
    "myst_nb",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx_copybutton",
    "sphinx_design",
]
exclude_patterns = ["files"]
nitpicky = True
#: Types of other libraries and of modules that are not public have no page here; everything of the reference must be found.
nitpick_ignore_regex = [("py:.*", rf"(?!({'|'.join(sorted(map(str, api.public())))})$).*".replace(".", r"\.").replace(r"\.*", ".*"))]
highlight_language = "none"
pygments_style = "a11y-high-contrast-light"

myst_enable_extensions = ["deflist", "dollarmath", "colon_fence"]
myst_heading_anchors = 4
nb_execution_mode = "off"  # `parts/notebooks.py` has run them
nb_merge_streams = True

autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autodoc_member_order = "bysource"
numpydoc_show_class_members = False
numpydoc_use_plots = False
maximum_signature_line_length = 80
python_use_unqualified_type_names = True
add_module_names = False

html_theme = "pydata_sphinx_theme"
html_title = "proxysim"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_math_renderer = "mathml"
html_show_sourcelink = False
html_copy_source = False
html_show_sphinx = False
html_favicon = "static/mark.svg"
html_theme_options = {
    "logo": {"text": "proxysim", "image_light": "static/mark.svg", "image_dark": "static/mark.svg", "alt_text": "proxysim: to the first page"},
    "navbar_align": "left",
    "header_links_before_dropdown": 9,
    "navigation_with_keys": False,
    "show_toc_level": 2,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
html_sidebars = {"index": [], "gallery": [], "contents": []}
copybutton_prompt_text = r">>> |\.\.\. "
copybutton_prompt_is_regexp = True
copybutton_selector = "div.highlight-sh pre, div.highlight-python pre, div.highlight-toml pre, div.highlight-ipython3 pre, div.doctest pre"


def setup(app: Any) -> None:
    """Read docstrings in the way of this project, and let long paths break."""
    app.connect("autodoc-process-docstring", docstrings.process, priority=1)
    app.connect("html-page-context", breaks.process)
    app.add_config_value("site_parts", "", "env")  # a change of the parts is a change of every page
    roles.register_local_role("name", docstrings.name_role(api.known()))


default_role = "name"
site_parts = hashlib.sha256(b"".join(file.read_bytes() for file in sorted(Path(__file__).parent.glob("parts/*.py")))).hexdigest()
