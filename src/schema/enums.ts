import { oneOf } from './fields.ts';

/** Kinds of workout. Zero is a valid kind. */
export const ActivityType = {
  InVehicle: 0,
  Biking: 1,
  Still: 3,
  Unknown: 4,
  Tilting: 5,
  Walking: 7,
  Running: 8,
  Aerobics: 9,
  Badminton: 10,
  Baseball: 11,
  Basketball: 12,
  Biathlon: 13,
  HandBiking: 14,
  MountainBiking: 15,
  RoadBiking: 16,
  Spinning: 17,
  StationaryBiking: 18,
  UtilityBiking: 19,
  Boxing: 20,
  Calisthenics: 21,
  CircuitTraining: 22,
  Cricket: 23,
  Dancing: 24,
  Elliptical: 25,
  Fencing: 26,
  AmericanFootball: 27,
  AustralianFootball: 28,
  EnglishFootball: 29,
  Frisbee: 30,
  Gardening: 31,
  Golf: 32,
  Gymnastics: 33,
  Handball: 34,
  Hiking: 35,
  Hockey: 36,
  HorsebackRiding: 37,
  Housework: 38,
  JumpingRope: 39,
  Kayaking: 40,
  KettlebellTraining: 41,
  Kickboxing: 42,
  Kitesurfing: 43,
  MartialArts: 44,
  Meditation: 45,
  MixedMartialArts: 46,
  P90XExercises: 47,
  Paragliding: 48,
  Pilates: 49,
  Polo: 50,
  Racquetball: 51,
  RockClimbing: 52,
  Rowing: 53,
  RowingMachine: 54,
  Rugby: 55,
  Jogging: 56,
  RunningOnSand: 57,
  TreadmillRunning: 58,
  Sailing: 59,
  ScubaDiving: 60,
  Skateboarding: 61,
  Skating: 62,
  CrossSkating: 63,
  IndoorRollerblading: 64,
  Skiing: 65,
  BackCountrySkiing: 66,
  CrossCountrySkiing: 67,
  DownhillSkiing: 68,
  KiteSkiing: 69,
  RollerSkiing: 70,
  Sledding: 71,
  Snowboarding: 73,
  Snowmobile: 74,
  Snowshoeing: 75,
  Squash: 76,
  StairClimbing: 77,
  StairClimbingMachine: 78,
  StandUpPaddleboarding: 79,
  StrengthTraining: 80,
  Surfing: 81,
  Swimming: 82,
  SwimmingInPool: 83,
  OpenWaterSwimming: 84,
  TableTennis: 85,
  TeamSports: 86,
  Tennis: 87,
  Treadmill: 88,
  Volleyball: 89,
  BeachVolleyball: 90,
  IndoorVolleyball: 91,
  Wakeboarding: 92,
  WalkingForFitness: 93,
  NordicWalking: 94,
  TreadmillWalking: 95,
  WaterPolo: 96,
  Weightlifting: 97,
  Wheelchair: 98,
  Windsurfing: 99,
  Yoga: 100,
  Zumba: 101,
  Diving: 102,
  Ergometer: 103,
  IceSkating: 104,
  IndoorSkating: 105,
  Curling: 106,
  Other: 108,
  CrossFit: 113,
  HIIT: 114,
  IntervalTraining: 115,
  WalkingWithStroller: 116,
  Elevator: 117,
  Escalator: 118,
  Archery: 119,
  Softball: 120,
  GuidedBreathing: 122,
  CardioTraining: 123,
  Lacrosse: 124,
  Stretching: 125,
  Triathlon: 126,
  InlineSkating: 127,
  SkyDiving: 128,
  Paddling: 129,
  Mountaineering: 130,
  Fishing: 131,
  WaterSkiing: 132,
  IndoorRunning: 133,
  PadelTennis: 134,
  Driving: 135,
  OffRoadDriving: 136,
  Motorbiking: 137,
  MotorRacing: 138,
  Enduro: 139,
  Canoeing: 140,
  Orienteering: 141,
  HangGliding: 142,
  Flying: 143,
  HotAirBallooning: 144,
  JetSkiing: 145,
  PowerBoating: 146,
  GaelicFootball: 147,
  Hurling: 148,
  TrailRunning: 149,
  GravelCycling: 150,
  Multisport: 151,
  EBiking: 152,
  EMountainBiking: 153,
  PhysicalTherapy: 154,
} as const;
export type ActivityType = (typeof ActivityType)[keyof typeof ActivityType];
export const activityType = oneOf(ActivityType, 'kind of workout');

/** How a workout or a day came to be. Sleep has its own, with other numbers. */
export const UploadType = {
  Unknown: 0,
  Automatic: 1,
  Manual: 2,
  Update: 3,
  Delete: 4,
  Pending: 5,
  ThirdParty: 6,
} as const;
export type UploadType = (typeof UploadType)[keyof typeof UploadType];
export const uploadType = oneOf(UploadType, 'how the record came to be');

/** Intensity of movement. */
export const ActivityLevel = {
  Unknown: 0,
  Rest: 1,
  Inactive: 2,
  Low: 3,
  Medium: 4,
  High: 5,
} as const;
export type ActivityLevel = (typeof ActivityLevel)[keyof typeof ActivityLevel];
export const activityLevel = oneOf(ActivityLevel, 'intensity of movement');

/** What a person did while a heart rate was measured. */
export const HeartRateContext = {
  NotSet: 0,
  Active: 1,
  NotActive: 2,
} as const;
export type HeartRateContext = (typeof HeartRateContext)[keyof typeof HeartRateContext];
export const heartRateContext = oneOf(HeartRateContext, 'circumstance of the measurement');

/** Whether times carry the person’s own offset. */
export const TimestampLocalization = {
  Utc: 0,
  Local: 1,
} as const;
export type TimestampLocalization = (typeof TimestampLocalization)[keyof typeof TimestampLocalization];
export const timestampLocalization = oneOf(TimestampLocalization, '0 UTC, 1 the person’s local time');

/** Where oxygen saturation was measured. */
export const OxygenSaturationType = {
  Blood: 0,
  Muscle: 1,
} as const;
export type OxygenSaturationType = (typeof OxygenSaturationType)[keyof typeof OxygenSaturationType];
export const oxygenSaturationType = oneOf(OxygenSaturationType, 'where it was measured');

/** What a device can measure. */
export const DeviceDataType = {
  Steps: 'STEPS',
  ActiveMinutes: 'ACTIVE_MINUTES',
  Bmr: 'BMR',
  Calories: 'CALORIES',
  Distance: 'DISTANCE',
  HeartRate: 'HEART_RATE',
  OxygenSaturation: 'OXYGEN_SATURATION',
  SleepType: 'SLEEP_TYPE',
  Speed: 'SPEED',
  Cadence: 'CADENCE',
} as const;
export type DeviceDataType = (typeof DeviceDataType)[keyof typeof DeviceDataType];
export const deviceDataType = oneOf(DeviceDataType, 'what the device measures');
