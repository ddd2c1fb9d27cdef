namespace Wharf.Server.Messages;

/// <summary>What a superuser has to say to everybody.</summary>
/// <param name="Severity">info, warning or error.</param>
/// <param name="MediaType">text/plain or text/markdown.</param>
internal sealed record GlobalMessage(string Uuid, string Severity, string MediaType, string Content);
