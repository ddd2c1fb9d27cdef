namespace Wharf.Server.Holds;

/// <summary>What became of setting or lifting a hold: done, or why not, in words for a person.</summary>
/// <param name="Problem">Null when it was done.</param>
/// <param name="Status">What the API answers where there is a problem.</param>
internal readonly record struct HoldOutcome(string? Problem, int Status, string? Id)
{
    public static HoldOutcome Done(string id) => new(null, 0, id);

    public static HoldOutcome NotFound(string what) => new(what, 404, null);

    public static HoldOutcome Refused(string why) => new(why, 400, null);

    public static HoldOutcome Forbidden(string why) => new(why, 403, null);
}
