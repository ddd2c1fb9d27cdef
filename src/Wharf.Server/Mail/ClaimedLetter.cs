namespace Wharf.Server.Mail;

/// <summary>A mail that this process has taken to send.</summary>
/// <param name="Attempts">How often it was taken, this time included.</param>
internal sealed record ClaimedLetter(long Id, Letter Letter, long Attempts);
