using System.Text.Json.Serialization;

namespace Wharf.Server.Mail;

/// <summary>A mail as it waits: what it says, not yet what it looks like.</summary>
/// <param name="Kind">What it is about, for logs and metrics, such as <c>recovery</c>.</param>
/// <param name="To">A <see cref="MailAddress"/>.</param>
/// <param name="Paragraphs">Plain text.</param>
/// <param name="Path">Where its link leads, below the public address; null for a mail without one.</param>
internal sealed record Letter(string Kind, string To, string Subject, IReadOnlyList<string> Paragraphs, string? Path = null, string? LinkText = null)
{
    /// <summary>The same however often it is sent, so that mail systems can drop what comes twice.</summary>
    public Guid Id { get; init; } = Guid.NewGuid();
}

[JsonSerializable(typeof(Letter))]
internal sealed partial class MailJson : JsonSerializerContext;
