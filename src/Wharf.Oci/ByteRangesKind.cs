using System.Diagnostics.CodeAnalysis;

namespace Wharf.Oci;

/// <summary>What a Range header asks for (RFC 9110, 14.2).</summary>
public enum ByteRangesKind
{
    /// <summary>Absent, malformed, in an unknown unit or abusive: send all of the content with 200.</summary>
    None,

    /// <summary>Well-formed, but no byte of the content is in it: 416.</summary>
    Unsatisfiable,

    /// <summary>One range: 206 with Content-Range.</summary>
    [SuppressMessage("Naming", "CA1720", Justification = "Means one, not the number type.")]
    Single,

    /// <summary>Several ranges: 206 as multipart/byteranges.</summary>
    Multiple,
}
