using System.ComponentModel.DataAnnotations;

namespace Wharf.Server.Live;

/// <summary>The section <c>Live</c>: streams of what happens, for pages that show it at once (docs/live.md).</summary>
internal sealed class LiveOptions
{
    /// <summary>Streams that may be open in this process.</summary>
    [Range(0, 100_000)] public int Streams { get; set; } = 1000;

    /// <summary>Streams that one user or robot may have open in this process.</summary>
    [Range(1, 1000)] public int StreamsOfOne { get; set; } = 20;
}
