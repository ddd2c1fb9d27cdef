using System.Buffers;

namespace Wharf.Server.Hosting.Logs;

/// <summary>Characters that nobody sees and that change the order in which a terminal shows what follows (CVE-2021-42574).</summary>
internal static class DirectionMarks
{
    public static readonly SearchValues<char> All = SearchValues.Create("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069");
}
