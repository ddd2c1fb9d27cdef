using Wharf.Oci;

namespace Wharf.Server.Content;

internal enum UploadOutcome
{
    Done,

    /// <summary>No such session in this repository for this account.</summary>
    Unknown,

    /// <summary>The chunk does not begin where the session ends, or another request has taken the session over; Size tells where it ends.</summary>
    OutOfOrder,

    /// <summary>Content-Range and the body differ in length; the chunk was dropped.</summary>
    LengthMismatch,

    TooLarge,

    /// <summary>The content has another digest than the one claimed; the session is gone.</summary>
    DigestMismatch,

    Refused,
}

/// <summary>What became of a request to an upload session.</summary>
/// <param name="Size">Durable bytes of the session after it.</param>
/// <param name="Actual">With <see cref="UploadOutcome.DigestMismatch"/>: what the content hashes to.</param>
internal readonly record struct UploadResult(UploadOutcome Outcome, long Size = 0, Digest Actual = default, Refusal? Refusal = null);
