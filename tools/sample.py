#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes share/sample/sample.json: the design document that a new user sees first. "Harbor" is an app for tides and
harbours that exists nowhere else; everything in it is drawn here.

The shape is that of Figma's GET /v1/files/:key with geometry=paths. Nothing is random and nothing is the time: the same
program writes the same file.

    tools/sample.py > share/sample/sample.json
"""
import hashlib
import json
import math
import sys

# ---- Numbers, colours, paints.


def short(number):
    number = round(number, 3)
    return int(number) if number == int(number) else number


def exact(number):
    """For what multiplies: six decimals."""
    number = round(number, 6)
    return int(number) if number == int(number) else number


def color(text, alpha=1.0):
    channels = [short(int(text[i:i + 2], 16) / 255) for i in (1, 3, 5)]
    return dict(zip("rgb", channels)) | {"a": short(alpha)}


COLORS = {
    "Sea/Abyss": "#071a2b", "Sea/Deep": "#0b2f4a", "Sea/Blue": "#12608a", "Sea/Teal": "#1aa39a", "Sea/Foam": "#d8f1ec",
    "Sand/Light": "#f5f7f8", "Sand/Warm": "#efe4cc", "Ink/Strong": "#0c2233", "Ink/Soft": "#5d7383", "Ink/Faint": "#dfe7eb",
    "Accent/Coral": "#ff6f59", "Accent/Amber": "#f7b32b", "White": "#ffffff",
}


def solid(name, opacity=1.0):
    paint = {"blendMode": "NORMAL", "type": "SOLID", "color": color(COLORS.get(name, name))}
    return paint | ({"opacity": short(opacity)} if opacity < 1 else {})


def gradient(kind, handles, *stops):
    return {"blendMode": "NORMAL", "type": "GRADIENT_" + kind,
            "gradientHandlePositions": [{"x": short(x), "y": short(y)} for x, y in handles],
            "gradientStops": [{"color": color(c, a), "position": short(at)} for at, c, a in stops]}


def down(*stops):
    return gradient("LINEAR", [(.5, 0), (.5, 1), (0, 0)], *stops)


def shadow(y, radius, alpha, tint="#0b2f4a", spread=0):
    return {"type": "DROP_SHADOW", "visible": True, "color": color(tint, alpha), "blendMode": "NORMAL",
            "offset": {"x": 0, "y": y}, "radius": radius, "spread": spread, "showShadowBehindNode": False}


SHADOWS = {"Shadow/Card": [shadow(8, 24, .12)], "Shadow/Float": [shadow(18, 48, .24)]}

# name: size, weight, height of a line, spacing of letters
TEXTS = {
    "Display/Cover": (128, 700, 132, -4), "Display/Reading": (76, 700, 80, -2.5), "Title/Screen": (32, 700, 40, -.6),
    "Title/Card": (20, 600, 26, -.3), "Body/Strong": (16, 600, 22, -.1), "Body/Regular": (15, 400, 22, 0),
    "Label/Strong": (13, 600, 18, 0), "Label/Regular": (13, 400, 18, 0), "Label/Caps": (11, 700, 14, .8),
    "Label/Tab": (10.5, 500, 14, 0),
}

# ---- Text: how wide Inter is, in thousandths of its size, so that boxes are as a design tool would have made them.

WIDTHS = [281, 288, 466, 633, 642, 982, 644, 300, 365, 365, 501, 662, 288, 460, 288, 360, 631, 407, 610, 618, 646, 593, 620, 566,
          619, 620, 288, 302, 662, 662, 662, 511, 966, 690, 654, 730, 722, 601, 590, 746, 743, 269, 571, 672, 565, 903, 753, 765,
          639, 765, 644, 642, 646, 744, 690, 985, 682, 679, 629, 365, 360, 365, 471, 456, 323, 562, 612, 571, 612, 583, 370, 613,
          591, 242, 242, 549, 242, 876, 591, 600, 612, 612, 376, 528, 327, 591, 562, 818, 546, 562, 552, 426, 333, 426, 662]
OTHERS = {"·": 288, "–": 660, "—": 920, "’": 288, "é": 583, "°": 400, "→": 900, "…": 860}
HEAVIER = {400: 1, 500: 1.0095, 600: 1.0185, 700: 1.0275}


def width_of(text, style, size=None):
    usual, weight, _, spacing = TEXTS[style]
    size = size or usual
    units = sum(OTHERS[c] if c in OTHERS else WIDTHS[ord(c) - 32] for c in text)
    return units / 1000 * size * HEAVIER[weight] + spacing * len(text)


def wrap(text, style, width, size=None):
    lines = [""]
    for word in text.split(" "):
        longer = (lines[-1] + " " + word).strip()
        if lines[-1] and width_of(longer, style, size) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


# ---- Nodes. Places are relative to the parent until the end.

class Node:
    def __init__(self, kind, name, parent, x, y, w, h, turn=0.0, **members):
        self.kind, self.name, self.x, self.y, self.w, self.h, self.turn = kind, name, x, y, w, h, turn
        self.members, self.children, self.id, self.parent = members, [], None, parent
        if parent:
            parent.children.append(self)

    def copy(self, parent, x, y):
        other = Node(self.kind, self.name, parent, x, y, self.w, self.h, self.turn, **self.members)
        for child in self.children:
            child.copy(other, child.x, child.y)
        return other

    def walk(self):
        yield self
        for child in self.children:
            yield from child.walk()

    def find(self, name):
        return next(n for n in self.walk() if n.name == name)


STYLES = {}


def style_id(name, kind):
    """Of a shared style; they are numbered as they are first used."""
    if name not in STYLES:
        STYLES[name] = (f"4:{len(STYLES) + 1}", kind)
    return STYLES[name][0]


def fills(paint):
    """Paints and the style they are of: a name of a colour, a paint, several, or none."""
    if paint is None:
        return {"fills": []}
    if isinstance(paint, str) and paint in COLORS:
        return {"fills": [solid(paint)], "styles": {"fill": style_id(paint, "FILL")}}
    return {"fills": [solid(paint)] if isinstance(paint, str) else paint if isinstance(paint, list) else [paint]}


def effects(name):
    if name is None:
        return {"effects": []}
    return {"effects": SHADOWS[name], "styles": {"effect": style_id(name, "EFFECT")}}


def joined(*parts):
    whole = {}
    for part in parts:
        styles = whole.get("styles", {}) | part.get("styles", {})
        whole |= part
        if styles:
            whole["styles"] = styles
    return whole


def corners(radius):
    if isinstance(radius, list):
        return {"rectangleCornerRadii": radius}
    return {"cornerRadius": radius} if radius else {}


def stroke(paint, weight=1, align="INSIDE", **more):
    return {"strokes": [solid(paint)] if isinstance(paint, str) else [paint], "strokeWeight": weight, "strokeAlign": align} | more


def frame(parent, name, x, y, w, h, paint=None, radius=0, effect=None, kind="FRAME", clips=True, turn=0.0, **more):
    return Node(kind, name, parent, x, y, w, h, turn,
                **joined({"clipsContent": clips}, fills(paint), corners(radius), effects(effect), more))


def group(parent, name, x, y, w, h):
    return Node("GROUP", name, parent, x, y, w, h, clipsContent=False, fills=[], effects=[])


def rect(parent, name, x, y, w, h, paint, radius=0, effect=None, turn=0.0, **more):
    return Node("RECTANGLE", name, parent, x, y, w, h, turn, **joined(fills(paint), corners(radius), effects(effect), more))


def ellipse(parent, name, x, y, w, h, paint, effect=None, arc=None, **more):
    begin, end, hole = arc or (0, 2 * math.pi, 0)
    data = {"startingAngle": short(begin), "endingAngle": round(end, 6), "innerRadius": hole}
    return Node("ELLIPSE", name, parent, x, y, w, h, **joined({"arcData": data}, fills(paint), effects(effect), more))


def line(parent, name, x, y, w, paint="Ink/Faint", weight=1, **more):
    return Node("LINE", name, parent, x, y, w, 0, fills=[], effects=[], **stroke(paint, weight, "CENTER", **more))


def text(parent, x, y, words, style, paint="Ink/Strong", align="LEFT", w=None, name=None, runs=None, opacity=1.0):
    """At its top left, top middle or top right. With a width it is broken into lines."""
    size, weight, height, spacing = TEXTS[style]
    changed = dict(runs or [])
    lines = [(part, paragraph) for paragraph in words.split("\n")
             for part in (wrap(paragraph, style, w, changed.get(paragraph, {}).get("fontSize")) if w else [paragraph])]

    def wide(part):
        of_runs = sum(width_of(run, style, changes.get("fontSize")) - width_of(run, style) for run, changes in changed.items() if run in part)
        return width_of(part, style) + of_runs

    box = w or math.ceil(max(wide(part) for part, _ in lines))
    tall = sum(changed.get(paragraph, {}).get("lineHeightPx", height) for _, paragraph in lines)
    left = x - (box / 2 if align == "CENTER" else box if align == "RIGHT" else 0)
    type_style = {"fontFamily": "Inter", "fontWeight": weight,
                  "fontSize": size, "textAutoResize": "HEIGHT" if w else "WIDTH_AND_HEIGHT", "lineHeightPx": height}
    if align != "LEFT":
        type_style["textAlignHorizontal"] = align
    if spacing:
        type_style["letterSpacing"] = spacing
    overrides, table = [], {}
    for number, (part, changes) in enumerate(runs or [], 1):
        at = words.index(part)
        overrides += [0] * (at + len(part) - len(overrides))
        overrides[at:at + len(part)] = [number] * len(part)
        table[str(number)] = changes
    more = {"characters": words, "style": type_style, "characterStyleOverrides": overrides, "styleOverrideTable": table,
            "lineTypes": ["NONE"] * (words.count("\n") + 1), "lineIndentations": [0] * (words.count("\n") + 1)}
    if opacity < 1:
        more["opacity"] = opacity
    return Node("TEXT", name or words, parent, left, y, box, tall,
                **joined(more, fills(paint), {"effects": [], "styles": {"text": style_id(style, "TEXT")}}))


def pair(parent, x, y, strong, soft, paint="Ink/Strong", faint="Ink/Soft"):
    """Two lines in one text: what it is, and what there is to say of it."""
    return text(parent, x, y, f"{strong}\n{soft}", "Body/Strong", paint, name=strong,
                runs=[(soft, {"fontSize": 13, "fontWeight": 400, "lineHeightPx": 20, "fills": [solid(faint)]})])


# ---- Paths.

def number(value):
    """Small drawings need two decimals, large ones have one too many with them."""
    return f"{round(value, 2 if abs(value) < 40 else 1):g}"


def path_of(points, close=True):
    return "M" + "L".join(f"{number(x)} {number(y)}" for x, y in points) + ("Z" if close else "")


def smooth(points):
    """Cubics through points whose tangents run level: waves and tides."""
    out = f"M{number(points[0][0])} {number(points[0][1])}"
    for (x1, y1), (x2, y2) in zip(points, points[1:]):
        half = (x2 - x1) * .3642
        out += "C" + " ".join(number(v) for v in (x1 + half, y1, x2 - half, y2, x2, y2))
    return out


def rounded(points):
    """A closed curve through points (Catmull-Rom), for coasts and depths."""
    n = len(points)
    out = f"M{number(points[0][0])} {number(points[0][1])}"
    for i in range(n):
        p0, p1, p2, p3 = (points[(i + k) % n] for k in (-1, 0, 1, 2))
        out += "C" + " ".join(number(v) for v in (
            p1[0] + (p2[0] - p0[0]) / 6, p1[1] + (p2[1] - p0[1]) / 6,
            p2[0] - (p3[0] - p1[0]) / 6, p2[1] - (p3[1] - p1[1]) / 6, p2[0], p2[1]))
    return out + "Z"


def line_of(*points):
    return [("line", pair) for pair in zip(points, points[1:])]


def arc_of(cx, cy, r, begin, end):
    return [("arc", ((cx, cy), (r, r), (begin, end)))]


def curve_of(*points):
    """Cubics, one behind the other: 4, 7, 10… points."""
    return [("curve", points[i:i + 4]) for i in range(0, len(points) - 1, 3)]


def curve_points(p0, p1, p2, p3, steps):
    at = [i / steps for i in range(steps + 1)]
    return [tuple((1 - t) ** 3 * a + 3 * (1 - t) ** 2 * t * b + 3 * (1 - t) * t ** 2 * c + t ** 3 * d
                  for a, b, c, d in zip(p0, p1, p2, p3)) for t in at]


def points_of(stroke_part):
    kind, data = stroke_part
    if kind == "line":
        return list(data)
    if kind == "curve":
        return curve_points(*data, 6)
    (cx, cy), (r, _), (begin, end) = data
    angles = [math.radians(begin + (end - begin) * i / 36) for i in range(37)]
    return [(cx + r * math.cos(a), cy + r * math.sin(a)) for a in angles]


def moved(stroke_part, scale, dx, dy):
    kind, data = stroke_part
    if kind == "arc":
        (cx, cy), (r, _), sweep = data
        return kind, ((cx * scale + dx, cy * scale + dy), (r * scale, r * scale), sweep)
    return kind, tuple((x * scale + dx, y * scale + dy) for x, y in data)


def graph_of(function, begin, end, n):
    """A function as cubics: between two places it has the slopes that it has there."""
    wide = (end - begin) / n
    parts = []
    for i in range(n):
        x1, x2 = begin + i * wide, begin + (i + 1) * wide
        slope1, slope2 = ((function(x + .01) - function(x - .01)) / .02 for x in (x1, x2))
        parts += curve_of((x1, function(x1)), (x1 + wide / 3, function(x1) + slope1 * wide / 3),
                          (x2 - wide / 3, function(x2) - slope2 * wide / 3), (x2, function(x2)))
    return parts


def area_below(parts, bottom):
    """Of such a graph, down to there."""
    first, last = parts[0][1][0], parts[-1][1][3]
    line_up = "".join("C" + " ".join(number(v) for point in data[1:] for v in point) for _, data in parts)
    return f"M{number(first[0])} {number(first[1])}{line_up}L{number(last[0])} {number(bottom)}L{number(first[0])} {number(bottom)}Z"


def outline(points, weight):
    """The area of a stroke with round ends: along one side, round the end, back along the other, round the beginning."""
    r = weight / 2
    normals = []
    for i in range(len(points)):
        (x1, y1), (x2, y2) = points[max(0, i - 1)], points[min(len(points) - 1, i + 1)]
        length = math.hypot(x2 - x1, y2 - y1) or 1
        normals.append(((y2 - y1) / length * r, -(x2 - x1) / length * r))
    there = [(x + nx, y + ny) for (x, y), (nx, ny) in zip(points, normals)]
    back = [(x - nx, y - ny) for (x, y), (nx, ny) in zip(points, normals)][::-1]
    turn = f"A{number(r)} {number(r)} 0 0 1 "
    return (path_of(there, False) + f"{turn}{number(back[0][0])} {number(back[0][1])}" + path_of(back, False).replace("M", "L", 1)
            + f"{turn}{number(there[0][0])} {number(there[0][1])}Z")


def outline_of_arc(center, radius, begin, end, weight):
    """The same of an arc, by arcs; a whole circle is two of them."""
    if end < begin:
        begin, end = end, begin
    (cx, cy), half = center, weight / 2

    def at(r, angle):
        return f"{number(cx + r * math.cos(math.radians(angle)))} {number(cy + r * math.sin(math.radians(angle)))}"

    def along(r, first, last, way):
        middle = (first + last) / 2
        return "".join(f"A{number(r)} {number(r)} 0 0 {way} {at(r, angle)}" for angle in (middle, last))

    outer, inner = radius + half, radius - half
    if end - begin >= 360:
        return f"M{at(outer, 0)}{along(outer, 0, 360, 1)}ZM{at(inner, 360)}{along(inner, 360, 0, 0)}Z"
    turn = f"A{number(half)} {number(half)} 0 0 1 "
    return (f"M{at(outer, begin)}{along(outer, begin, end, 1)}{turn}{at(inner, end)}"
            f"{along(inner, end, begin, 0)}{turn}{at(outer, begin)}Z")


def outline_of_curve(data, weight):
    """The same of a gentle cubic: its control points are moved aside with it."""
    half = weight / 2

    def aside(by):
        normals = []
        for (x1, y1), (x2, y2) in ((data[0], data[1]), (data[0], data[2]), (data[1], data[3]), (data[2], data[3])):
            length = math.hypot(x2 - x1, y2 - y1) or 1
            normals.append(((y2 - y1) / length * by, -(x2 - x1) / length * by))
        return [f"{number(x + nx)} {number(y + ny)}" for (x, y), (nx, ny) in zip(data, normals)]

    there, back = aside(half), aside(-half)[::-1]
    turn = f"A{number(half)} {number(half)} 0 0 1 "
    return f"M{there[0]}C{' '.join(there[1:])}{turn}{back[0]}C{' '.join(back[1:])}{turn}{there[0]}Z"


def outlines(strokes, weight):
    """Corners are where one stroke ends and another begins: the ends are round."""
    out = ""
    for kind, data in strokes:
        if kind == "arc":
            out += outline_of_arc(data[0], data[1][0], *data[2], weight)
        elif kind == "curve":
            out += outline_of_curve(data, weight)
        else:
            out += outline(points_of((kind, data)), weight)
    return out


def vector(parent, name, x, y, w, h, paint, path, area=None, rule="NONZERO", **more):
    geometry = {"fillGeometry": [{"path": path, "windingRule": rule}] if path else [],
                "strokeGeometry": [{"path": area, "windingRule": "NONZERO"}] if area else []}
    return Node("VECTOR", name, parent, x, y, w, h, **joined(geometry, fills(paint), {"effects": []}, more))


# ---- Icons, on 24 by 24.

def wave_icon(y):
    return curve_of((3, y), (6, y - 4), (8, y - 4), (12, y), (16, y + 4), (18, y + 4), (21, y))


ICONS = {
    "tide": wave_icon(8) + wave_icon(13) + wave_icon(18),
    "anchor": arc_of(12, 5, 2, 0, 360) + line_of((12, 7), (12, 20)) + line_of((8.5, 10.5), (15.5, 10.5)) + arc_of(12, 12, 8, 20, 160),
    "route": arc_of(6, 18, 2, 0, 360) + arc_of(18, 6, 2, 0, 360) + curve_of((8, 18), (18, 18), (6, 6), (16, 6)),
    "moon": arc_of(12, 12, 8, 30, 285) + curve_of((14.07, 4.27), (10, 8), (12, 15), (18.93, 16)),
    "search": arc_of(11, 11, 6.5, 0, 360) + line_of((15.8, 15.8), (20, 20)),
    "bell": curve_of((6, 16), (7.5, 14), (6, 11), (7, 9), (8, 4), (16, 4), (17, 9), (18, 11), (16.5, 14), (18, 16))
            + line_of((5, 16.5), (19, 16.5)) + arc_of(12, 18, 2.2, 25, 155),
    "up": line_of((12, 19), (12, 5)) + line_of((6.5, 10.5), (12, 5), (17.5, 10.5)),
    "down": line_of((12, 5), (12, 19)) + line_of((6.5, 13.5), (12, 19), (17.5, 13.5)),
    "wind": line_of((3, 9), (13, 9)) + arc_of(13, 6.5, 2.5, 90, -160) + line_of((3, 13.5), (17, 13.5))
            + arc_of(17, 16.25, 2.75, -90, 150) + line_of((3, 18), (9, 18)),
    "pin": arc_of(12, 10, 2.5, 0, 360) + arc_of(12, 10, 7, 150, 390)
           + curve_of((5.94, 13.5), (7.5, 17), (10, 19), (12, 21), (14, 19), (16.5, 17), (18.06, 13.5)),
    "clock": arc_of(12, 12, 8, 0, 360) + line_of((12, 7.5), (12, 12), (15.5, 14)),
    "boat": line_of((12, 3.5), (12, 14)) + curve_of((12, 4), (17, 7), (18, 11), (18, 13)) + line_of((18, 13.5), (7, 13.5), (12, 6))
            + line_of((4, 17), (20, 17)) + curve_of((4, 17), (5.5, 20), (7, 20.5), (9, 20.5)) + line_of((9, 20.5), (16, 20.5))
            + curve_of((16, 20.5), (18, 20), (19, 19), (20, 17)),
}


def icon(parent, name, x, y, size, paint, weight=1.8):
    """One vector, as large as what is drawn of the square."""
    scale = size / 24
    points = [(px * scale, py * scale) for part in ICONS[name] for px, py in points_of(part)]
    left, top = min(px for px, _ in points), min(py for _, py in points)
    wide, tall = max(px for px, _ in points) - left, max(py for _, py in points) - top
    area = outlines([moved(part, scale, -left, -top) for part in ICONS[name]], weight)
    return vector(parent, f"icon/{name}", x + left, y + top, wide, tall, paint, area)


def repaint(made, name, paint):
    """Another colour for what has this name in a copy."""
    node = made.find(name)
    node.members = joined(node.members, fills(paint))
    made.changed.append((node, "fills"))


def rewrite(node, words):
    """Other characters for a copied text, which is as wide as they are and stays where it is aligned."""
    style = next(name for name, (sid, kind) in STYLES.items() if sid == node.members["styles"]["text"])
    wide = math.ceil(width_of(words, style))
    align = node.members["style"].get("textAlignHorizontal")
    node.x += (node.w - wide) / 2 if align == "CENTER" else node.w - wide if align == "RIGHT" else 0
    node.w = wide
    node.members = node.members | {"characters": words}


# ---- Components.

COMPONENTS = {}


def component(parent, name, x, y, w, h, description, in_set=None, **more):
    made = frame(parent, name, x, y, w, h, kind="COMPONENT", **more)
    COMPONENTS[f"{in_set.name}/{name}" if in_set else name] = made
    made.description, made.set = description, in_set
    return made


def instance(parent, which, x, y, name=None, changes=None):
    """A copy of a component; `changes` are other words for texts, by their names."""
    source = COMPONENTS[which]
    made = source.copy(parent, x, y)
    made.kind, made.name, made.source = "INSTANCE", name or which.split("/")[0], source
    for mine, theirs in zip(made.walk(), source.walk()):
        mine.original = theirs
    made.changed = []
    for old, new in (changes or {}).items():
        node = made.find(old)
        rewrite(node, new)
        made.changed.append((node, "characters"))
    return made


def component_set(parent, name, x, y, w, h, description, properties):
    made = frame(parent, name, x, y, w, h, kind="COMPONENT_SET", radius=12, clips=True,
                 **stroke("#9747ff", 1, "INSIDE", strokeDashes=[10, 5]),
                 componentPropertyDefinitions={
                     key: {"type": "VARIANT", "defaultValue": values[0], "variantOptions": values}
                     for key, values in properties.items()})
    made.description = description
    return made


def buttons(parent, x, y):
    looks = {"Primary": ("Accent/Coral", "White", None), "Secondary": ("Sea/Foam", "Sea/Deep", None),
             "Quiet": (None, "Sea/Blue", "Ink/Faint")}
    box = component_set(parent, "Button", x, y, 400, 180, "What a screen is there for. One Primary on a screen.",
                        {"Kind": list(looks), "State": ["Rest", "Pressed"]})
    for i, (kind, state) in enumerate((("Primary", "Rest"), ("Primary", "Pressed"), ("Secondary", "Rest"), ("Quiet", "Rest"))):
        paint, ink, edge = looks[kind]
        more = stroke(COLORS[edge], 1.5) if edge else {}
        if state == "Pressed":
            more["opacity"] = .72
        one = component(box, f"Kind={kind}, State={state}", 24 + i % 2 * 184, 24 + i // 2 * 76, 168, 56, "", box, paint=paint, radius=28,
                        effect="Shadow/Card" if i == 0 else None, **more)
        text(one, 84, 17, "Start passage", "Body/Strong", ink, "CENTER", name="Label")


def pills(parent, x, y):
    looks = {"Rising": ("up", "Sea/Teal", "Sea/Foam"), "Falling": ("down", "Sea/Blue", "#dcecf5"),
             "Slack": ("tide", "Ink/Soft", "#e9eef1")}
    box = component_set(parent, "Tide", x, y, 400, 80, "Where the water is going.", {"Tide": list(looks)})
    for i, (name, (sign, ink, paint)) in enumerate(looks.items()):
        one = component(box, f"Tide={name}", 24 + i * 122, 24, 104, 32, "", box, paint=paint, radius=16)
        icon(one, sign, 12, 7, 18, ink, 2)
        text(one, 36, 7, name, "Label/Strong", ink, name="Label")


def status_bar(parent, x, y):
    one = component(parent, "Status bar", x, y, 390, 47, "Time and battery, above everything.")
    text(one, 54, 15, "9:41", "Body/Strong", "Ink/Strong", "CENTER", name="Time")
    bars = "".join(path_of([(i * 5, 12 - h), (i * 5 + 3, 12 - h), (i * 5 + 3, 12), (i * 5, 12)]) for i, h in enumerate((3, 6, 9, 12)))
    vector(one, "Signal", 294, 19, 18, 12, "Ink/Strong", bars)
    arcs = outline_of_arc((8.5, 11.5), 8.5, 225, 315, 2) + outline_of_arc((8.5, 11.5), 5, 225, 315, 2) + outline_of_arc((8.5, 10.5), .8, 0, 360, 1.4)
    vector(one, "Wifi", 318.5, 18.5, 17, 12, "Ink/Strong", arcs)
    shell = "M3 0H21A3 3 0 0 1 24 3V9A3 3 0 0 1 21 12H3A3 3 0 0 1 0 9V3A3 3 0 0 1 3 0ZM3 1A2 2 0 0 0 1 3V9A2 2 0 0 0 3 11H21A2 2 0 0 0 23 9V3A2 2 0 0 0 21 1Z"
    vector(one, "Battery", 342, 19, 26.5, 12, "Ink/Strong", shell + path_of([(3, 3), (19, 3), (19, 9), (3, 9)]) + path_of([(25, 4), (26.5, 4), (26.5, 8), (25, 8)]))


def chips(parent, x, y):
    box = component_set(parent, "Chip", x, y, 400, 84, "Narrows a list. As wide as its word.", {"Chosen": ["Yes", "No"]})
    for i, (chosen, paint, ink) in enumerate((("Yes", "Sea/Deep", "White"), ("No", "White", "Ink/Strong"))):
        one = component(box, f"Chosen={chosen}", 24 + i * 122, 24, 104, 36, "", box, paint=paint, radius=18)
        text(one, 52, 9, "Nearby", "Label/Strong", ink, "CENTER", name="Label")


def switches(parent, x, y):
    box = component_set(parent, "Switch", x, y, 400, 78, "On or off, at once.", {"On": ["Yes", "No"]})
    for i, (state, paint) in enumerate((("Yes", "Sea/Teal"), ("No", "#9fb0bb"))):
        one = component(box, f"On={state}", 24 + i * 74, 24, 50, 30, "", box, paint=paint, radius=15)
        ellipse(one, "Knob", 3 if i else 23, 3, 24, 24, "White", "Shadow/Card")


TABS = [("Today", "tide"), ("Harbours", "anchor"), ("Passage", "route"), ("Watch", "moon")]


def tab_bar(parent, x, y):
    one = component(parent, "Tab bar", x, y, 390, 83, "Where to go. The current place is coral.", paint="White",
                    effects=[{"type": "INNER_SHADOW", "visible": True, "color": color("#0c2233", .08), "blendMode": "NORMAL",
                              "offset": {"x": 0, "y": 1}, "radius": 0, "spread": 0}])
    for i, (name, sign) in enumerate(TABS):
        icon(one, sign, 42.75 + i * 93.5, 9, 24, "Ink/Soft")
        text(one, 54.75 + i * 93.5, 36, name, "Label/Tab", "Ink/Soft", "CENTER")
    rect(one, "Home indicator", 128, 70, 134, 5, "Ink/Strong", 2.5)


def tide_row(parent, x, y):
    one = component(parent, "Tide row", x, y, 342, 64, "One turn of the tide in a list.", paint="White", radius=20)
    ellipse(one, "Disc", 16, 14, 36, 36, "Sea/Foam")
    icon(one, "up", 24, 22, 20, "Sea/Teal", 2)
    text(one, 64, 12, "High water", "Body/Strong", name="What")
    text(one, 64, 34, "Today 14:32", "Label/Regular", "Ink/Soft", name="When")
    text(one, 326, 21, "5.9 m", "Body/Strong", align="RIGHT", name="Height")


# ---- Screens.

SKY = [(0, "#0b2f4a", 1), (.55, "#12608a", 1), (1, "#2aa6a0", 1)]


def screen(parent, name, x, paint):
    return frame(parent, name, x, 0, 390, 844, paint, radius=40, effect=None)


def tabs(parent, current, dark=False):
    bar = instance(parent, "Tab bar", 0, 761, "Tab bar")
    if dark:
        bar.members = joined(bar.members, fills("Sea/Abyss"), {"effects": []})
        bar.changed.append((bar, "fills"))
        repaint(bar, "Home indicator", "White")
    repaint(bar, current, "Accent/Coral")
    repaint(bar, "icon/" + dict(TABS)[current], "Accent/Coral")


def bright_status(parent):
    bar = instance(parent, "Status bar", 0, 0)
    for name in ("Time", "Signal", "Wifi", "Battery"):
        repaint(bar, name, "White")


def waves(parent, y, width, layers):
    """One behind the other: swell, how long, where it begins, and its paint."""
    for i, (top, swell, length, begin, paint) in enumerate(layers):
        points, x, high = [], begin, i % 2 == 0
        while x < width + length:
            points.append((x, 0 if high else swell))
            x, high = x + length / 2, not high
        left = points[0][0]
        local = [(px - left, py) for px, py in points]
        wide, tall = local[-1][0], 400
        vector(parent, f"Wave {i + 1}", left, y + top, wide, tall, paint,
               smooth(local) + f"L{number(wide)} {tall}L0 {tall}Z")


def tide_height(hour):
    """Metres above chart datum: two tides a day."""
    return 3.3 + 2.5 * math.cos((hour - 14.53) / 12.42 * 2 * math.pi)


def tide_chart(parent, x, y, w, h, now, line_paint, area, grid, ink):
    box = frame(parent, "Tide curve", x, y, w, h + 26, clips=False)
    for i in range(3):
        line(box, f"Grid {i + 1}", 0, h * i / 2, w, grid, 1, strokeDashes=[2, 4])

    def height_at(px):
        return h - (tide_height(px / w * 24) - .4) / 5.8 * h

    graph = graph_of(height_at, 0, w, 16)
    vector(box, "Water", 0, 0, w, h, area, area_below(graph, h))
    vector(box, "Curve", 0, 0, w, h, None, None, area=outlines(graph, 3),
           **stroke(line_paint, 3, "CENTER", strokeCap="ROUND"))
    nx, ny = now / 24 * w, height_at(now / 24 * w)
    vector(box, "Now", nx, 0, 0, h, None, None,
           area="".join(path_of([(-.75, k), (.75, k), (.75, k + 4), (-.75, k + 4)]) for k in range(0, int(h), 8)),
           **stroke("Accent/Coral", 1.5, "CENTER", strokeDashes=[3, 5]))
    ellipse(box, "Here", nx - 8, ny - 8, 16, 16, "Accent/Coral", "Shadow/Card", **stroke("White", 3, "OUTSIDE"))
    for hour in (0, 6, 12, 18, 24):
        align = "LEFT" if hour == 0 else "RIGHT" if hour == 24 else "CENTER"
        text(box, hour / 24 * w, h + 10, f"{hour:02d}", "Label/Tab", ink, align, name=f"{hour} h")


def today(page, x):
    me = screen(page, "Today", x, "Sand/Light")
    hero = frame(me, "Hero", 0, 0, 390, 392, down(*SKY))
    ellipse(hero, "Glow", 210, -70, 300, 300, gradient("RADIAL", [(.5, .5), (1, .5), (.5, 1)], (0, "#7fe0d2", .55), (1, "#7fe0d2", 0)))
    waves(hero, 286, 390, [(0, 16, 260, -90, solid("#ffffff", .10)), (22, 18, 220, -20, solid("#ffffff", .14)),
                           (50, 14, 300, -120, solid("#f5f7f8", .22))])
    bright_status(me)
    text(me, 24, 64, "Saint-Servan", "Title/Screen", "White")
    icon(me, "pin", 24, 106, 18, "#bfe3e6")
    text(me, 46, 106, "48.64° N  2.01° W", "Label/Regular", "#bfe3e6", name="Place")
    ellipse(me, "Bell disc", 326, 64, 40, 40, solid("#ffffff", .16))
    icon(me, "bell", 334, 72, 24, "White")
    ellipse(me, "Badge", 350, 70, 9, 9, "Accent/Coral", **stroke("#12608a", 2, "OUTSIDE"))
    text(me, 24, 146, "4.8 m", "Display/Reading", "White", name="Reading",
         runs=[(" m", {"fontSize": 32, "fontWeight": 500, "letterSpacing": 0})])
    instance(me, "Tide/Tide=Rising", 262, 174)
    text(me, 24, 234, "High water at 14:32, in 1 h 48 min", "Body/Regular", "#d8f1ec")
    card = frame(me, "Curve card", 24, 290, 342, 196, "White", 24, "Shadow/Card")
    text(card, 20, 16, "Tide today", "Label/Strong")
    text(card, 322, 16, "Coefficient 87", "Label/Regular", "Ink/Soft", "RIGHT")
    tide_chart(card, 20, 50, 302, 96, 12.73, "Sea/Teal", down((0, "#1aa39a", .34), (1, "#1aa39a", .02)), "Ink/Faint", "Ink/Soft")
    text(me, 24, 508, "Next turns", "Title/Card")
    text(me, 366, 511, "All week", "Label/Strong", "Sea/Blue", "RIGHT")
    listing = frame(me, "Turns", 24, 546, 342, 194, "White", 24, "Shadow/Card")
    rows = [("High water", "Today 14:32", "5.8 m", "up"), ("Low water", "Today 20:44", "0.8 m", "down"),
            ("High water", "Tomorrow 02:57", "5.6 m", "up")]
    for i, (what, when, height, sign) in enumerate(rows):
        row = instance(listing, "Tide row", 0, 1 + i * 64, "Tide row", {"What": what, "When": when, "Height": height})
        if sign == "down":
            row.find("Disc").members = joined(row.find("Disc").members, {"styles": {}}, fills("#dcecf5"))
            arrow = row.find("icon/up")
            flipped = icon(None, "down", 24, 22, 20, "Sea/Blue", 2)
            for field in ("name", "members", "x", "y", "w", "h"):
                setattr(arrow, field, getattr(flipped, field))
            row.changed.append((arrow, "fills"))
        if i:
            line(listing, "Rule", 64, 1 + i * 64, 262)
    tabs(me, "Today")


def picture(parent, x, y, w, h, sky, sea):
    """A small harbour: sky, sun, sea and a sail."""
    box = frame(parent, "Picture", x, y, w, h, down(*sky), 18)
    ellipse(box, "Sun", w * .62, h * .18, h * .26, h * .26, solid("#ffffff", .75))
    waves(box, h * .66, w, [(0, 7, 74, -46, solid(sea))])
    boat = [[(.26, .62), (.40, .2), (.40, .62)], [(.43, .32), (.46, .62), (.43, .62)], [(.2, .65), (.54, .65), (.47, .77), (.26, .77)]]
    vector(box, "Boat", w * .2, h * .2, w * .34, h * .57, "White", "".join(path_of([((x - .2) * w, (y - .2) * h) for x, y in part]) for part in boat))
    return box


def harbours(page, x):
    me = screen(page, "Harbours", x, "Sand/Light")
    instance(me, "Status bar", 0, 0)
    text(me, 24, 60, "Harbours", "Title/Screen")
    field = frame(me, "Search", 24, 114, 342, 48, "White", 24, "Shadow/Card")
    icon(field, "search", 16, 12, 24, "Ink/Soft")
    text(field, 50, 13, "Harbour, coast or berth", "Body/Regular", "Ink/Soft")
    left = 24
    for i, name in enumerate(("Nearby", "Free berths", "Fuel", "Dry at low water")):
        wide = math.ceil(width_of(name, "Label/Strong")) + 32
        chip = instance(me, f"Chip/Chosen={'No' if i else 'Yes'}", left, 178, "Chip", {"Label": name})
        chip.find("Label").x += (wide - chip.w) / 2
        chip.w = wide
        left += wide + 8
    dusk = [(0, "#ff9a76", 1), (1, "#ffd9b8", 1)]
    day = [(0, "#7cc6e8", 1), (1, "#d9f2f5", 1)]
    night = [(0, "#1d2b53", 1), (1, "#7e6bb5", 1)]
    green = [(0, "#8fd3b6", 1), (1, "#e7f7dc", 1)]
    rows = [("Saint-Servan", "0.4 nm · 22 free berths", "Open", dusk, "#12608a", "Rising", "4.8 m"),
            ("Granville", "24 nm · 9 free berths", "Open", day, "#1aa39a", "Rising", "3.6 m"),
            ("Port Bail", "41 nm · dries at 5.2 m", "Closed", night, "#0b2f4a", "Falling", "1.1 m"),
            ("Chausey", "17 nm · moorings only", "Open", green, "#1aa39a", "Slack", "6.0 m")]
    for i, (name, note, state, sky, sea, tide, height) in enumerate(rows):
        card = frame(me, name, 24, 230 + i * 130, 342, 118, "White", 24, "Shadow/Card")
        picture(card, 12, 12, 94, 94, sky, sea)
        text(card, 122, 16, name, "Title/Card")
        text(card, 122, 44, note, "Label/Regular", "Ink/Soft")
        instance(card, f"Tide/Tide={tide}", 122, 72, "Tide")
        text(card, 322, 79, height, "Body/Strong", align="RIGHT")
        open_now = state == "Open"
        ellipse(card, state, 310, 22, 12, 12, "Sea/Teal" if open_now else "Accent/Coral", **stroke("#d8f1ec" if open_now else "#ffe1db", 4, "OUTSIDE"))
    tabs(me, "Harbours")


def passage(page, x):
    me = screen(page, "Passage", x, "#cfe7ec")
    sea = frame(me, "Chart", 0, 0, 390, 470, down((0, "#b9dfe6", 1), (1, "#d9eef0", 1)))
    for i, (grow, tint) in enumerate(((46, "#c6e6ea"), (22, "#d5eef0"))):
        coast = [(-60 - grow, 60), (40 + grow * .6, 40 - grow), (86 + grow, 96), (64 + grow, 170), (96 + grow, 236), (54 + grow, 300 + grow),
                 (0, 330 + grow), (-60 - grow, 300)]
        vector(sea, f"Depth {i + 1}", 0, 0, 390, 470, tint, rounded(coast))
    vector(sea, "Coast", 0, 0, 390, 470, "Sand/Warm",
           rounded([(-60, 60), (40, 40), (86, 96), (64, 170), (96, 236), (54, 300), (0, 330), (-60, 300)]),
           **stroke("#e2d3b1", 2, "INSIDE"))
    vector(sea, "Island", 0, 0, 390, 470, "Sand/Warm", rounded([(236, 210), (262, 202), (276, 222), (262, 246), (240, 242), (228, 228)]))
    vector(sea, "Far coast", 0, 0, 390, 470, "Sand/Warm", rounded([(330, -40), (450, -60), (450, 130), (372, 118), (346, 70), (352, 20)]))
    route = curve_points((96, 262), (150, 330), (190, 250), (214, 196), 15) + curve_points((214, 196), (240, 130), (300, 130), (340, 84), 14)[1:]
    dashes = "".join(outline(route[i:i + 2], 4) for i in range(0, len(route) - 1, 2))
    vector(sea, "Route", 0, 0, 390, 470, None, None, area=dashes,
           **stroke("Accent/Coral", 4, "CENTER", strokeCap="ROUND", strokeDashes=[10, 8]))
    for name, (px, py), dx, dy in (("Saint-Servan", (96, 262), -2, -34), ("Granville", (340, 84), 32, -34)):
        ellipse(sea, f"At {name}", px - 9, py - 9, 18, 18, "White", "Shadow/Card", **stroke("Accent/Coral", 5, "INSIDE"))
        text(sea, px + dx, py + dy, name, "Label/Strong", "Sea/Deep", "RIGHT")
    ellipse(sea, "Boat disc", 197, 179, 34, 34, "Sea/Deep", "Shadow/Float")
    icon(sea, "boat", 203, 185, 22, "White", 1.7)
    wind = frame(sea, "Wind", 294, 330, 72, 72, "White", 36, "Shadow/Card")
    ellipse(wind, "Rose", 6, 6, 60, 60, None, **stroke("Ink/Faint", 1.5, "INSIDE", strokeDashes=[1.5, 6]))
    Node("REGULAR_POLYGON", "Needle", wind, 26, 12, 20, 22, 0.0, **joined(fills("Accent/Coral"), {"effects": []},
         {"fillGeometry": [{"path": "M10 0L18.66 16.5L1.34 16.5Z", "windingRule": "NONZERO"}]}))
    text(wind, 36, 30, "14", "Label/Strong", "Ink/Strong", "CENTER")
    text(wind, 36, 45, "kn SW", "Label/Tab", "Ink/Soft", "CENTER")
    instance(me, "Status bar", 0, 0)
    sheet = frame(me, "Sheet", 0, 420, 390, 424, "White", [28, 28, 0, 0], "Shadow/Float")
    rect(sheet, "Handle", 175, 10, 40, 4, "Ink/Faint", 2)
    text(sheet, 24, 30, "To Granville", "Title/Screen")
    for i, (sign, value, what) in enumerate((("route", "24.1 nm", "distance"), ("clock", "4 h 10", "with the tide"), ("wind", "14 kn", "on the beam"))):
        left = 24 + i * 118
        icon(sheet, sign, left, 84, 22, "Sea/Teal")
        pair(sheet, left + 30, 76, value, what)
    legs = [("12:50", "Leave the lock", "gate opens 12:38"), ("14:20", "Past Chausey", "1.4 kn of stream with you"),
            ("17:00", "Granville", "sill covered until 18:10")]
    line(sheet, "Track", 93, 165, 104, "Ink/Faint", 2).turn = math.pi / 2
    for i, (when, where, note) in enumerate(legs):
        top = 140 + i * 58
        text(sheet, 24, top + 2, when, "Label/Strong", "Ink/Soft")
        ellipse(sheet, "Stop", 86, top + 4, 14, 14, "White", **stroke("Accent/Coral" if i == 0 else "Sea/Teal", 3.5, "INSIDE"))
        pair(sheet, 116, top, where, note)
    start = instance(sheet, "Button/Kind=Primary, State=Rest", 24, 0, "Button", None)
    start.x, start.y, start.w = 24, 322, 342
    label = start.find("Label")
    label.x = 171 - label.w / 2
    start.changed.append((start, "width"))
    rect(sheet, "Home indicator", 128, 409, 134, 5, "Ink/Strong", 2.5)


def watch(page, x):
    me = screen(page, "Watch", x, "Sea/Abyss")
    ellipse(me, "Glow", 45, 90, 300, 300, gradient("RADIAL", [(.5, .5), (1, .5), (.5, 1)], (0, "#12608a", .75), (1, "#12608a", 0)))
    bright_status(me)
    text(me, 24, 60, "Night watch", "Title/Screen", "White")
    text(me, 24, 100, "Anchored off Chausey since 21:40", "Body/Regular", "#8fb0c4")
    ellipse(me, "Track", 75, 146, 240, 240, solid("#ffffff", .08), arc=(0, 2 * math.pi, .86))
    ellipse(me, "Swing", 75, 146, 240, 240,
            gradient("ANGULAR", [(.5, .5), (.5, 0), (1, .5)], (0, "#1aa39a", 1), (.55, "#7fe0d2", 1), (.72, "#f7b32b", 1), (1, "#1aa39a", 1)),
            arc=(math.radians(-90), math.radians(170), .86))
    ellipse(me, "Here", 66.6, 276.9, 28, 28, "White", "Shadow/Float", **stroke("Accent/Amber", 6, "INSIDE"))
    text(me, 195, 212, "18 m", "Display/Reading", "White", "CENTER", name="Swing radius",
         runs=[(" m", {"fontSize": 32, "fontWeight": 500, "letterSpacing": 0})])
    text(me, 195, 296, "from the anchor", "Body/Regular", "#8fb0c4", "CENTER")
    for i, (sign, value, what) in enumerate((("tide", "2.8 m", "under the keel"), ("wind", "11 kn", "gusts 16, SW"))):
        card = frame(me, what, 24 + i * 175, 420, 167, 104, solid("#ffffff", .06), 24, **stroke(solid("#ffffff", .08), 1))
        icon(card, sign, 16, 16, 24, "#7fe0d2")
        pair(card, 16, 48, value, what, "White", "#8fb0c4")
    rows = [("Dragging anchor", "beyond 30 m", True), ("Shallow", "less than 1.5 m", True), ("Wind shift", "more than 40°", False)]
    listing = frame(me, "Alarms", 24, 540, 342, 204, solid("#ffffff", .06), 24, **stroke(solid("#ffffff", .08), 1))
    for i, (what, note, on) in enumerate(rows):
        pair(listing, 20, 12 + i * 68, what, note, "White", "#8fb0c4")
        instance(listing, f"Switch/On={'Yes' if on else 'No'}", 272, 19 + i * 68)
        if i:
            line(listing, "Rule", 20, i * 68, 302, solid("#ffffff", .10))
    tabs(me, "Watch", dark=True)


# ---- Pages.

def page_of(name, background):
    return Node("CANVAS", name, None, 0, 0, 0, 0, backgroundColor=color(background), prototypeStartNodeID=None,
                flowStartingPoints=[], prototypeDevice={"type": "NONE", "rotation": "NONE"})


def phone(parent, x, y, turn, scale, paint=SKY):
    """A phone on the cover: its screen in a few strokes."""
    w, h = 280 * scale, 580 * scale
    body = frame(parent, "Phone", x, y, w, h, "Sea/Abyss", 46 * scale, "Shadow/Float", turn=turn)
    inner = frame(body, "Screen", 9 * scale, 9 * scale, w - 18 * scale, h - 18 * scale, down(*paint), 38 * scale)
    return inner


def cover(page):
    me = frame(page, "Cover", 0, 0, 1440, 900, down((0, "#06182a", 1), (.42, "#0f4c6e", 1), (.66, "#e98a6d", 1), (.8, "#ffd3a5", 1)), clips=True)
    ellipse(me, "Halo", 330, 290, 640, 640, gradient("RADIAL", [(.5, .5), (1, .5), (.5, 1)], (0, "#fff1d6", .9), (.35, "#ffd3a5", .45), (1, "#ffb38a", 0)))
    ellipse(me, "Sun", 566, 526, 168, 168, down((0, "#fff7e6", 1), (1, "#ffc98f", 1)))
    stars = ((180, 120, 1.5), (330, 70, 2), (520, 150, 1.5), (760, 90, 2), (980, 60, 1.5), (1180, 130, 2), (1330, 80, 1.5), (90, 250, 1.5),
             (640, 220, 1.2), (1270, 240, 1.4))
    vector(me, "Stars", 88, 58, 1244, 194, solid("#ffffff", .75),
           "".join(outline_of_arc((px - 88, py - 58), r / 2, 0, 360, r) for px, py, r in stars))
    waves(me, 612, 1440, [(0, 20, 620, -200, solid("#12608a", .62)), (46, 30, 520, -380, solid("#0f4c6e", .80)),
                          (104, 28, 680, -120, solid("#0b2f4a", .92)), (176, 30, 560, -460, "Sea/Abyss")])
    mark = frame(me, "Mark", 120, 150, 72, 72, down((0, "#2aa6a0", 1), (1, "#12608a", 1)), 20, "Shadow/Float")
    icon(mark, "anchor", 16, 16, 40, "White", 3)
    text(me, 120, 250, "Harbor", "Display/Cover", "White")
    text(me, 124, 396, "Tides, berths and passages, for people who go to sea in small boats.", "Title/Card", "#d8f1ec", w=440)
    left = 124
    for word in ("4 screens", "7 components", "iOS"):
        wide = math.ceil(width_of(word, "Label/Strong")) + 36
        chip = frame(me, word, left, 478, wide, 38, solid("#ffffff", .12), 19, **stroke(solid("#ffffff", .28), 1))
        text(chip, wide / 2, 10, word, "Label/Strong", "White", "CENTER")
        left += wide + 10
    back = phone(me, 1040, 232, math.radians(-10), .92, [(0, "#103a58", 1), (.5, "#0a2438", 1), (1, "#071a2b", 1)])
    ellipse(back, "Ring", 40, 74, 161, 161, solid("#ffffff", .08), arc=(0, 2 * math.pi, .84))
    ellipse(back, "Swing", 40, 74, 161, 161, gradient("ANGULAR", [(.5, .5), (.5, 0), (1, .5)], (0, "#1aa39a", 1), (.5, "#7fe0d2", 1), (.7, "#f7b32b", 1), (1, "#1aa39a", 1)),
            arc=(math.radians(-90), math.radians(150), .84))
    text(back, 120.5, 124, "18 m", "Title/Screen", "White", "CENTER")
    text(back, 120.5, 164, "from the anchor", "Label/Regular", "#8fb0c4", "CENTER")
    for i, (sign, word) in enumerate((("tide", "2.8 m under keel"), ("wind", "11 kn, SW"), ("anchor", "30 m of chain"))):
        row = frame(back, word, 20, 276 + i * 70, 201, 56, solid("#ffffff", .08), 18)
        icon(row, sign, 16, 16, 24, "#7fe0d2")
        text(row, 52, 19, word, "Label/Strong", "White")
    front = phone(me, 776, 158, math.radians(8), 1)
    ellipse(front, "Glow", 120, -50, 240, 240, gradient("RADIAL", [(.5, .5), (1, .5), (.5, 1)], (0, "#7fe0d2", .5), (1, "#7fe0d2", 0)))
    waves(front, 210, 262, [(0, 12, 180, -60, solid("#ffffff", .14)), (20, 12, 150, -100, solid("#ffffff", .18))])
    text(front, 24, 44, "Saint-Servan", "Title/Card", "White")
    text(front, 24, 84, "4.8 m", "Display/Reading", "White", runs=[(" m", {"fontSize": 32, "fontWeight": 500, "letterSpacing": 0})])
    instance(front, "Tide/Tide=Rising", 24, 178)
    card = frame(front, "Card", 18, 250, 226, 150, "White", 22)
    graph = graph_of(lambda x: 70 - 34 * math.cos((x - 128) / 104 * math.pi), 0, 226, 8)
    vector(card, "Water", 0, 0, 226, 150, down((0, "#1aa39a", .4), (1, "#1aa39a", .04)), area_below(graph, 150))
    vector(card, "Curve", 0, 0, 226, 150, None, None, area=outlines(graph, 3), **stroke("Sea/Teal", 3, "CENTER"))
    ellipse(card, "Here", 98, 40, 16, 16, "Accent/Coral", **stroke("White", 3, "OUTSIDE"))
    low = frame(front, "Turns", 18, 416, 226, 128, "White", 22)
    for i, (sign, word, when) in enumerate((("up", "High water", "14:32"), ("down", "Low water", "20:44"))):
        icon(low, sign, 16, 20 + i * 56, 20, "Sea/Teal" if i == 0 else "Sea/Blue", 2)
        text(low, 46, 19 + i * 56, word, "Body/Strong")
        text(low, 210, 19 + i * 56, when, "Body/Strong", "Ink/Soft", "RIGHT")


def library(page):
    name = "Colours, type and what is made of them"
    me = frame(page, "Foundations", 0, 0, 720, 820, "White", 24)
    text(me, 40, 36, "Foundations", "Title/Screen")
    text(me, 40, 82, name, "Body/Regular", "Ink/Soft")
    for i, (label, value) in enumerate(COLORS.items()):
        left, top = 40 + i % 5 * 130, 132 + i // 5 * 120
        edge = stroke("Ink/Faint", 1) if label in ("White", "Sand/Light") else {}
        rect(me, label, left, top, 116, 64, label, 14, **edge)
        text(me, left, top + 72, f"{label}\n{value}", "Label/Strong", name=label,
             runs=[(value, {"fontSize": 11, "fontWeight": 400, "fills": [solid("Ink/Soft")]})])
    top = 520
    for label in ("Title/Screen", "Title/Card", "Body/Strong", "Body/Regular", "Label/Strong", "Label/Caps"):
        size, _, height, _ = TEXTS[label]
        words = f"{label.split('/')[1]} {size:g} / {height:g}: slack water at noon"
        text(me, 40, top, words.upper() if label == "Label/Caps" else words, label)
        top += height + 26
    signs = frame(page, "Icons", 0, 860, 720, 140, "White", 24)
    text(signs, 40, 28, "Icons", "Title/Card")
    for i, sign in enumerate(ICONS):
        icon(signs, sign, 40 + i * 55.6, 78, 28, "Sea/Deep", 2)
    kit = Node("SECTION", "Components", page, 760, 0, 860, 1000, sectionContentsHidden=False, **fills("#eef3f5"))
    text(kit, 40, 36, "Components", "Title/Screen")
    text(kit, 40, 82, "Change one here and it changes everywhere.", "Body/Regular", "Ink/Soft")
    said = [
        (buttons, 132, "Button", "Coral is for the one thing a screen is there for. Everything else is quieter, so that it is found with one "
                                 "glance and a wet thumb."),
        (pills, 336, "Tide", "Teal when the water comes, blue when it goes."),
        (chips, 440, "Chip", "One is chosen, always. The rest of the row scrolls away to the right."),
        (switches, 548, "Switch", "For what is on until it is switched off: alarms, mostly."),
        (tide_row, 658, "Tide row", "Words may be changed; the arrow and its colour say the same without them."),
        (status_bar, 762, "Status bar", "White on the sea, ink on sand."),
        (tab_bar, 856, "Tab bar", "Four places and no more. Where one is, is coral."),
    ]
    for draw, top, title, note in said:
        draw(kit, 40, top)
        text(kit, 480, top + 8, f"{title}\n{note}", "Title/Card", name=title, w=330,
             runs=[(note, {"fontSize": 15, "fontWeight": 400, "lineHeightPx": 22, "letterSpacing": 0, "fills": [solid("Ink/Soft")]})])


# ---- Numbering, placing, writing.

def number_nodes(pages):
    for page_number, page in enumerate(pages, 1):
        page.id = f"0:{page_number}"
        count = 0
        for node in list(page.walk())[1:]:
            if node.id is None and not hasattr(node, "original"):
                count += 1
                node.id = f"{page_number}:{count}"
            elif hasattr(node, "source"):
                count += 1
                node.id = f"{page_number}:{count}"
    for page in pages:
        for node in page.walk():
            if hasattr(node, "source"):
                for inner in list(node.walk())[1:]:
                    inner.id = f"I{node.id};{inner.original.id}"


def multiply(m, n):
    (a, c, e), (b, d, f) = m
    (a2, c2, e2), (b2, d2, f2) = n
    return ((a * a2 + c * b2, a * c2 + c * d2, a * e2 + c * f2 + e), (b * a2 + d * b2, b * c2 + d * d2, b * e2 + d * f2 + f))


def union(one, two):
    x, y = min(one[0], two[0]), min(one[1], two[1])
    return (x, y, max(one[0] + one[2], two[0] + two[2]) - x, max(one[1] + one[3], two[1] + two[3]) - y)


def box_of(m, w, h):
    points = [(m[0][0] * x + m[0][1] * y + m[0][2], m[1][0] * x + m[1][1] * y + m[1][2]) for x, y in ((0, 0), (w, 0), (0, h), (w, h))]
    xs, ys = [p[0] for p in points], [p[1] for p in points]
    return (min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys))


def as_box(box):
    return dict(zip(("x", "y", "width", "height"), (short(round(v, 2)) for v in box)))


def grown(box, members):
    weight = members.get("strokeWeight", 0) if members.get("strokes") else 0
    by = {"OUTSIDE": weight, "CENTER": weight / 2}.get(members.get("strokeAlign"), 0)
    x, y, w, h = box
    box = (x - by, y - by, w + 2 * by, h + 2 * by)
    whole = box
    for effect in members.get("effects", []):
        if effect["type"] == "DROP_SHADOW":
            r, dy = effect["radius"] + effect["spread"], effect["offset"]["y"]
            whole = union(whole, (box[0] - r, box[1] - r + dy, box[2] + 2 * r, box[3] + 2 * r))
    return whole


def interpret(node, around, in_group):
    """The node as JSON, and what it covers."""
    c, s = math.cos(node.turn), math.sin(node.turn)
    own = ((c, -s, node.x), (s, c, node.y))
    absolute = multiply(around, own)
    box = box_of(absolute, node.w, node.h)
    m = dict(node.members)
    turned = abs(absolute[0][1]) > 1e-6
    out = {"id": node.id, "name": node.name, "type": node.kind, "scrollBehavior": "SCROLLS"}
    if node.turn:
        out["rotation"] = round(-node.turn, 6)
    if hasattr(node, "source"):
        out["componentId"] = node.source.id
        out["overrides"] = [{"id": n.id, "overriddenFields": [field]} for n, field in node.changed]
    if node.kind != "SECTION":
        out["blendMode"] = "PASS_THROUGH"
    covers = grown(box, m)
    if node.kind == "LINE":
        half = m["strokeWeight"] / 2
        covers = box_of(multiply(absolute, ((1, 0, 0), (0, 1, -half))), node.w, 2 * half)
    if node.kind in ("FRAME", "GROUP", "COMPONENT", "COMPONENT_SET", "INSTANCE", "SECTION"):
        out["children"] = []
        # Groups add nothing to where their children are: these are relative to the frame around both.
        for child in node.children:
            made, more = interpret(child, absolute, node.kind == "GROUP")
            out["children"].append(made)
            if not m.get("clipsContent"):
                covers = union(covers, more)
    out["absoluteBoundingBox"], out["absoluteRenderBounds"] = as_box(box), as_box(covers)
    if turned or "fillGeometry" in m:
        out["relativeTransform"] = [[exact(v) for v in row] for row in (multiply(((1, 0, node.parent.x), (0, 1, node.parent.y)), own) if in_group else own)]
        out["size"] = {"x": short(node.w), "y": short(node.h)}
    if node.kind == "SECTION":
        m.pop("effects", None)
    if not m.get("styles", True):
        del m["styles"]
    return out | m, covers


def entry(name, description):
    return {"key": hashlib.sha1(f"harbor/{name}".encode()).hexdigest(), "name": name, "description": description}


def document():
    pages = [page_of("Cover", "#e9eef1"), page_of("Harbor app", "#dfe7ea"), page_of("Components", "#dfe7ea")]
    library(pages[2])
    cover(pages[0])
    for i, draw in enumerate((today, harbours, passage, watch)):
        draw(pages[1], i * 450)
    pages[1].members["flowStartingPoints"] = []
    number_nodes(pages)
    made = []
    for page in pages:
        children = [interpret(child, ((1, 0, 0), (0, 1, 0)), False)[0] for child in page.children]
        made.append({"id": page.id, "name": page.name, "type": "CANVAS", "scrollBehavior": "SCROLLS", "children": children} | page.members)
    start = pages[1].children[0].id
    made[1] |= {"prototypeStartNodeID": start, "flowStartingPoints": [{"nodeId": start, "name": "Harbor"}]}
    sets = {n.id: n for n in pages[2].walk() if n.kind == "COMPONENT_SET"}
    return {
        "document": {"id": "0:0", "name": "Document", "type": "DOCUMENT", "scrollBehavior": "SCROLLS", "children": made},
        "components": {c.id: entry(c.name, c.description) | ({"componentSetId": c.set.id} if c.set else {}) | {"remote": False, "documentationLinks": []}
                       for c in COMPONENTS.values()},
        "componentSets": {sid: entry(n.name, n.description) | {"remote": False, "documentationLinks": []} for sid, n in sets.items()},
        "schemaVersion": 0,
        "styles": {sid: entry(name, "") | {"remote": False, "styleType": kind} for name, (sid, kind) in STYLES.items()},
        "name": "Harbor", "lastModified": "2026-03-02T08:15:00Z", "version": "1", "role": "owner",
        "editorType": "figma", "linkAccess": "view",
    }


def write(value, depth=0):
    """JSON with each node on a line of its own, so that a change is seen as one."""
    if isinstance(value, dict) and "children" in value:
        own = {k: v for k, v in value.items() if k != "children"}
        inner = ",\n".join(write(child, depth + 1) for child in value["children"])
        flat = json.dumps(own, ensure_ascii=False, separators=(",", ":"))
        return f'{flat[:-1]},"children":[\n{inner}\n]}}' if inner else f'{flat[:-1]},"children":[]}}'
    if isinstance(value, dict) and depth == 0:
        return "{\n" + ",\n".join(f"{json.dumps(k)}:{write(v, 1)}" for k, v in value.items()) + "\n}\n"
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


if __name__ == "__main__":
    sys.stdout.write(write(document()))
