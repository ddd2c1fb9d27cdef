namespace Wharf.Server.OAuth;

/// <summary>A token that was made, with what is shown once, or why it was not.</summary>
/// <param name="Unknown">There is no such application.</param>
internal sealed record NewOAuthToken(OAuthToken? Token, string? Secret, string? Problem, bool Unknown = false)
{
    public static readonly NewOAuthToken NoApplication = new(null, null, "There is no such application.", true);

    public static NewOAuthToken Refused(string problem) => new(null, null, problem);
}
